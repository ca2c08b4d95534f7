import type { Invite } from '@parley/client';
import { type FormEvent, useEffect, useId, useState } from 'react';
import { inviteWords, maxUsesOf } from '../state/invites.js';
import { invitePlace } from '../state/place.js';
import { words } from '../words/words.js';
import { CopyButton } from './copy-button.js';
import { Dialog } from './dialog.js';
import { RefusalLine } from './refusal-line.js';
import { useAction } from './use-action.js';
import { useWorkspace } from './workspace-context.js';

const day = 86_400_000;
/** Lifetimes of a link in days; 0 means that it has no end. */
const lifetimes = [1, 7, 30, 0];

/** The invite links of a chat: creates, lists, copies and revokes them. */
export function InvitesDialog({ id, onClose }: { id: number; onClose: () => void }) {
  const { membership } = useWorkspace();
  const say = words().chats;
  const [invites, setInvites] = useState<readonly Invite[]>();
  const { refused, busy, run } = useAction(async (act: () => Promise<unknown>) => {
    await act();
    setInvites(await membership.invites(id));
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the list is loaded once
  useEffect(() => {
    run(async () => undefined);
  }, [id]);
  return (
    <Dialog title={say.inviteLinks} onClose={onClose}>
      <p className="hint">{say.inviteHint}</p>
      <NewInviteForm busy={busy} onCreate={(limits) => run(() => membership.createInvite(id, limits))} />
      <RefusalLine refused={refused} />
      {invites?.length === 0 && <p className="hint">{say.noInvites}</p>}
      <ul className="people-list invites">
        {invites?.map((invite) => (
          <li key={invite.id}>
            <span className="person">
              <code>{invite.id}</code>
              <span className="hint">{inviteWords(invite)}</span>
            </span>
            {!invite.expired && (
              <>
                <CopyButton
                  text={new URL(invitePlace(invite.id), location.href).href}
                  label={words().common.copyLink}
                />
                <button
                  type="button"
                  className="quiet"
                  disabled={busy}
                  onClick={() => run(() => membership.revokeInvite(invite.id))}
                >
                  {say.revoke}
                </button>
              </>
            )}
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

interface NewInviteFormProps {
  readonly busy: boolean;
  readonly onCreate: (limits: { maxUses: number; expiresAt: number }) => void;
}

function NewInviteForm({ busy, onCreate }: NewInviteFormProps) {
  const id = useId();
  const [lifetime, setLifetime] = useState(7 * day);
  const [uses, setUses] = useState('');
  const maxUses = maxUsesOf(uses);
  const say = words().chats;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (maxUses !== undefined) onCreate({ maxUses, expiresAt: lifetime === 0 ? 0 : Date.now() + lifetime });
  };
  return (
    <form onSubmit={submit}>
      <div className="field">
        <label htmlFor={`${id}-uses`}>{say.mostPeople}</label>
        <input id={`${id}-uses`} inputMode="numeric" value={uses} onChange={(event) => setUses(event.target.value)} />
        {maxUses === undefined && <p className="refusal">{say.badNumber}</p>}
      </div>
      <div className="field">
        <label htmlFor={`${id}-end`}>{say.worksFor}</label>
        <select id={`${id}-end`} value={lifetime} onChange={(event) => setLifetime(Number(event.target.value))}>
          {lifetimes.map((days) => (
            <option key={days} value={days * day}>
              {days === 0 ? say.noEnd : say.days(days)}
            </option>
          ))}
        </select>
      </div>
      <button type="submit" className="primary" disabled={busy || maxUses === undefined}>
        {say.createLink}
      </button>
    </form>
  );
}
