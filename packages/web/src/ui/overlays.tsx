import { type ReactNode, useState } from 'react';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { type Overlay, OverlayContext } from './overlay-context.js';
import { useLoaded } from './use-loaded.js';

/** The page, and the dialog that is open over it. */
export function Overlays({ children }: { children: ReactNode }) {
  const [overlay, setOverlay] = useState<Overlay>();
  return (
    <OverlayContext value={setOverlay}>
      {children}
      {overlay !== undefined && <OnDemand key={overlay.type} overlay={overlay} onClose={() => setOverlay(undefined)} />}
    </OverlayContext>
  );
}

/** Loads the dialogs, and says if that fails. */
function OnDemand({ overlay, onClose }: { overlay: Overlay; onClose: () => void }) {
  const { value: dialogs, refused, reload } = useLoaded(() => import('./on-demand.js'));
  if (dialogs === undefined) return refused && <NotLoaded onAgain={reload} onClose={onClose} />;
  const { SettingsDialog, ShortcutsDialog, PersonCard } = dialogs;
  if ('id' in overlay) return <PersonCard key={overlay.id} id={overlay.id} onClose={onClose} />;
  return overlay.type === 'settings' ? <SettingsDialog onClose={onClose} /> : <ShortcutsDialog onClose={onClose} />;
}

function NotLoaded({ onAgain, onClose }: { onAgain: () => void; onClose: () => void }) {
  const { title, failed, again } = words().settings;
  return (
    <Dialog title={title} onClose={onClose}>
      <p role="alert">{failed}</p>
      <div className="choices">
        <button type="button" className="primary" onClick={onAgain}>
          {again}
        </button>
      </div>
    </Dialog>
  );
}
