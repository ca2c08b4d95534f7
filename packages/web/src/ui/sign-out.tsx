import { useState } from 'react';
import { unsentWords } from '../state/unsent.js';
import { useDesk } from './desk-context.js';
import { Dialog } from './dialog.js';

/** Signs out; asks first where that would throw something away. */
export function SignOut({ onSignOut }: { onSignOut: () => void }) {
  const desk = useDesk();
  const [unsent, setUnsent] = useState<string>();
  const ask = async () => {
    const words = await desk.unsent().then(unsentWords, () => 'Some messages may not have been sent');
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
