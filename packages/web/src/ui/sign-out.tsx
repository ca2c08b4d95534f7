import { useState } from 'react';
import { type UnsentItem, unsentWords } from '../state/unsent.js';
import { Dialog } from './dialog.js';
import { Name } from './text.js';
import { useWorkspace } from './workspace-context.js';

/** The button to sign out. Asks first if something unsent would be lost. */
export function SignOut({ onSignOut }: { onSignOut: () => void }) {
  const workspace = useWorkspace();
  const [unsent, setUnsent] = useState<{ words: string; items: readonly UnsentItem[] }>();
  const ask = async () => {
    const words = await workspace.unsent().then(unsentWords, () => 'Some messages may not have been sent');
    if (words === undefined) onSignOut();
    else setUnsent({ words, items: await workspace.unsentItems().catch(() => []) });
  };
  return (
    <>
      <button type="button" className="quiet" onClick={ask}>
        Sign out
      </button>
      {unsent !== undefined && (
        <Dialog title="Sign out?" onClose={() => setUnsent(undefined)}>
          <p>{unsent.words}. Signing out discards everything that is unsent.</p>
          <UnsentList items={unsent.items} />
          <div className="choices">
            <button type="button" className="danger" onClick={onSignOut}>
              Sign out anyway
            </button>
            <button type="button" className="quiet" onClick={() => setUnsent(undefined)}>
              Stay
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
          <Name of={what.slice(0, longest)} />
        </li>
      ))}
      {items.length > mostItems && <li className="hint">And {items.length - mostItems} more.</li>}
    </ul>
  );
}
