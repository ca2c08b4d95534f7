import { useState } from 'react';
import { useWatched } from './hooks.js';
import { useWorkspace } from './workspace-context.js';

/** Reports once that this browser does not store what the user writes. */
export function UnsavedNotice() {
  const isUnsaved = useWatched(useWorkspace().unsaved);
  const [read, setRead] = useState(false);
  if (!isUnsaved || read) return null;
  return (
    <div className="top-notice" role="alert">
      <p>
        This browser cannot store messages and drafts: its storage is full or blocked. Anything unsent is lost when you
        close or reload this page.
      </p>
      <button type="button" className="quiet" onClick={() => setRead(true)}>
        OK
      </button>
    </div>
  );
}
