import { useState } from 'react';
import { excerpt } from '../state/text.js';
import { type UnsentItem, unsentWords } from '../state/unsent.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { Icon } from './icon.js';
import { Name } from './text.js';
import { useWorkspace } from './workspace-context.js';

/** The button to sign out. Asks first if something unsent would be lost. */
export function SignOut({ onSignOut }: { onSignOut: () => void }) {
  const workspace = useWorkspace();
  const say = words().entry;
  const [unsent, setUnsent] = useState<{ what: string; items: readonly UnsentItem[] }>();
  const ask = async () => {
    const what = await workspace.unsent().then(unsentWords, () => say.maybeUnsent);
    if (what === undefined) onSignOut();
    else setUnsent({ what, items: await workspace.unsentItems().catch(() => []) });
  };
  return (
    <>
      <button type="button" className="icon-button" aria-label={say.signOut} title={say.signOut} onClick={ask}>
        <Icon name="leave" />
      </button>
      {unsent !== undefined && (
        <Dialog title={say.signOutTitle} onClose={() => setUnsent(undefined)}>
          <p>{say.signOutHint(unsent.what)}</p>
          <UnsentList items={unsent.items} />
          <div className="choices">
            <button type="button" className="danger" onClick={onSignOut}>
              {say.signOutAnyway}
            </button>
            <button type="button" className="quiet" onClick={() => setUnsent(undefined)}>
              {say.stay}
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}

const mostItems = 5;
const longest = 140;

function UnsentList({ items }: { items: readonly UnsentItem[] }) {
  return (
    <ul className="unsent-list">
      {items.slice(0, mostItems).map(({ room, what }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: items have no id and no state
        <li key={index}>
          <strong>
            <Name of={room} />:
          </strong>{' '}
          <Name of={excerpt(what, longest)} />
        </li>
      ))}
      {items.length > mostItems && <li className="hint">{words().common.others(items.length - mostItems)}</li>}
    </ul>
  );
}
