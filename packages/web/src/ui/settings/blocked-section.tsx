import { words } from '../../words/words.js';
import { Avatar } from '../avatar.js';
import { PeoplePicker } from '../people-picker.js';
import { RefusalLine } from '../refusal-line.js';
import { Name } from '../text.js';
import { useAction } from '../use-action.js';
import { useLoaded } from '../use-loaded.js';
import { useWorkspace } from '../workspace-context.js';

/** The people whom the user has blocked. */
export function BlockedSection() {
  const { account } = useWorkspace();
  const say = words();
  const { value: users, refused: notLoaded, reload } = useLoaded((signal) => account.blocked(signal));
  const { busy, refused, run } = useAction(async (id: string, isBlocked: boolean) => {
    await account.block(id, isBlocked);
    reload();
  });
  return (
    <>
      <PeoplePicker
        label={say.settings.blockSomebody}
        picked={[]}
        isSingle
        onPick={([user]) => user !== undefined && run(user.id, true)}
      />
      <p className="hint">{say.settings.blockHint}</p>
      <RefusalLine refused={refused ?? notLoaded} />
      {users?.length === 0 && <p className="hint">{say.settings.noneBlocked}</p>}
      <ul className="people-list">
        {users?.map(({ id, name }) => (
          <li key={id}>
            <Avatar id={id} name={name || id} />
            <span className="person">
              <Name of={name || id} />
              <span className="hint">{id}</span>
            </span>
            <button type="button" className="quiet" disabled={busy} onClick={() => run(id, false)}>
              {say.people.unblock}
            </button>
          </li>
        ))}
      </ul>
    </>
  );
}
