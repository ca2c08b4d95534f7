import { useState } from 'react';
import { unsentWords } from '../state/unsent.js';
import { Dialog } from './dialog.js';
import { useWorkspace } from './workspace-context.js';

/** The button to sign out. Asks first if something unsent would be lost. */
export function SignOut({ onSignOut }: { onSignOut: () => void }) {
  const workspace = useWorkspace();
  const [unsent, setUnsent] = useState<string>();
  const ask = async () => {
    const words = await workspace.unsent().then(unsentWords, () => 'Some messages may not have been sent');
    if (words === undefined) onSignOut();
    else setUnsent(words);
  };
  return (
    <>
      <button type="button" className="quiet" onClick={ask}>
        Sign out
      </button>
      {unsent !== undefined && (
        <Dialog title="Sign out?" onClose={() => setUnsent(undefined)}>
          <p>{unsent}. Signing out discards everything that is unsent.</p>
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
