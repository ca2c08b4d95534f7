import type { Session as ServerSession } from '@parley/client';
import { type FormEvent, useRef, useState } from 'react';
import { dateTime } from '../../state/times.js';
import { words } from '../../words/words.js';
import { aboutNewPassword, Password, passwordIn } from '../password.js';
import { RefusalLine } from '../refusal-line.js';
import { Name } from '../text.js';
import { sentence, useAction } from '../use-action.js';
import { useLoaded } from '../use-loaded.js';
import { useWorkspace } from '../workspace-context.js';

/** The password, and the devices on which the user is signed in. */
export function SecuritySection() {
  const { account } = useWorkspace();
  const { value: sessions, refused, reload } = useLoaded(() => account.sessions());
  return (
    <>
      <PasswordForm onChanged={reload} />
      <h3>{words().settings.devices}</h3>
      {sessions !== undefined && <Sessions sessions={sessions} onEnded={reload} />}
      <RefusalLine refused={refused} />
    </>
  );
}

function PasswordForm({ onChanged }: { onChanged: () => void }) {
  const { account } = useWorkspace();
  const say = words().settings;
  const form = useRef<HTMLFormElement>(null);
  const [isChanged, setIsChanged] = useState(false);
  const { busy, refused, run, forget } = useAction(async (fields: FormData) => {
    await account.changePassword(String(fields.get('current') ?? ''), passwordIn(fields, 'new'));
    form.current?.reset();
    setIsChanged(true);
    onChanged();
  });
  const onSubmit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setIsChanged(false);
    run(new FormData(event.currentTarget));
  };
  const isAboutNew = refused !== undefined && aboutNewPassword.has(refused.reason);
  const isAboutCurrent = refused?.reason === 'wrong-credentials';
  return (
    <form ref={form} onSubmit={onSubmit} onChange={forget}>
      <Password
        name="current"
        label={say.currentPassword}
        isNew={false}
        refused={isAboutCurrent ? refused.words : undefined}
      />
      <Password name="new" label={say.newPassword} isNew refused={isAboutNew ? refused.words : undefined} />
      <RefusalLine refused={isAboutNew || isAboutCurrent ? undefined : refused} />
      <div className="save">
        <button className="primary" type="submit" disabled={busy}>
          {say.changePassword}
        </button>
        <span role="status" className="hint">
          {isChanged ? say.passwordChanged : say.passwordHint}
        </span>
      </div>
    </form>
  );
}

function Sessions({ sessions, onEnded }: { sessions: readonly ServerSession[]; onEnded: () => void }) {
  const { account } = useWorkspace();
  const say = words().settings;
  const [ended, setEnded] = useState(0);
  const { busy, refused, run } = useAction(async (ids: readonly string[]) => {
    setEnded(0);
    await account.endSessions(ids).finally(onEnded);
    setEnded(ids.length);
  });
  const others = sessions.filter(({ current }) => !current);
  return (
    <>
      <ul className="people-list devices">
        {sessions.map((session) => (
          <Device key={session.id} session={session} isBusy={busy} onEnd={() => run([session.id])} />
        ))}
      </ul>
      <p role="status" className="hint">
        {ended > 0 ? say.ended(ended) : others.length === 0 && say.noOthers}
      </p>
      <RefusalLine refused={refused} />
      {others.length > 1 && (
        <button type="button" className="danger" disabled={busy} onClick={() => run(others.map(({ id }) => id))}>
          {say.endOthers}
        </button>
      )}
    </>
  );
}

interface DeviceProps {
  readonly session: ServerSession;
  readonly isBusy: boolean;
  readonly onEnd: () => void;
}

function Device({ session: { device, address, createdAt, current }, isBusy, onEnd }: DeviceProps) {
  const say = words().settings;
  const name = device === '' ? say.unknownDevice : device;
  return (
    <li>
      <span className="person">
        <Name of={name} />
        <span className="hint">{sentence(say.signedIn(dateTime(createdAt), address))}</span>
      </span>
      {current ? (
        <span className="hint this-device">{say.thisDevice}</span>
      ) : (
        <button type="button" className="quiet" aria-label={say.endOf(name)} disabled={isBusy} onClick={onEnd}>
          {say.end}
        </button>
      )}
    </li>
  );
}
