import { useState } from 'react';
import { useDesk } from './desk-context.js';
import { Dialog } from './dialog.js';

/** Signs out; asks first where that would throw something away. */
export function SignOut({ onSignOut }: { onSignOut: () => void }) {
  const desk = useDesk();
  const [unsent, setUnsent] = useState(0);
  const ask = async () => {
    const count = await desk.unsent().catch(() => 0);
    if (count === 0) onSignOut();
    else setUnsent(count);
  };
  return (
    <>
      <button type="button" className="quiet" onClick={ask}>
        Sign out
      </button>
      {unsent > 0 && (
        <Dialog title="Sign out?" onClose={() => setUnsent(0)}>
          <p>
            {unsent === 1 ? '1 message has not been sent' : `${unsent} messages have not been sent`}, and will be lost
            if you sign out now.
          </p>
          <div className="choices">
            <button type="button" className="danger" onClick={onSignOut}>
              Sign out anyway
            </button>
            <button type="button" className="quiet" onClick={() => setUnsent(0)}>
              Stay
            </button>
          </div>
        </Dialog>
      )}
    </>
  );
}
