import { useState } from 'react';
import { words } from '../words/words.js';
import { useWatched } from './hooks.js';
import { useWorkspace } from './workspace-context.js';

/** Reports once that this browser does not store what the user writes. */
export function UnsavedNotice() {
  const isUnsaved = useWatched(useWorkspace().unsaved);
  const [read, setRead] = useState(false);
  if (!isUnsaved || read) return null;
  return (
    <div className="top-notice" role="alert">
      <p>{words().common.unsaved}</p>
      <button type="button" className="quiet" onClick={() => setRead(true)}>
        {words().common.ok}
      </button>
    </div>
  );
}
