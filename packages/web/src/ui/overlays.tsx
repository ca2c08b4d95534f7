import { type ReactNode, useState } from 'react';
import { words } from '../words/words.js';
import { DialogOnDemand } from './dialog-on-demand.js';
import { type Overlay, OverlayContext } from './overlay-context.js';

/** The page, and the dialog that is open over it. */
export function Overlays({ children }: { children: ReactNode }) {
  const [overlay, setOverlay] = useState<Overlay>();
  return (
    <OverlayContext value={setOverlay}>
      {children}
      {overlay !== undefined && (
        <OpenOverlay key={overlay.type} overlay={overlay} onClose={() => setOverlay(undefined)} />
      )}
    </OverlayContext>
  );
}

function titleOfOverlay({ type }: Overlay): string {
  const { people, settings, shortcuts } = words();
  if (type === 'person') return people.profile;
  return (type === 'settings' ? settings : shortcuts).title;
}

function OpenOverlay({ overlay, onClose }: { overlay: Overlay; onClose: () => void }) {
  return (
    <DialogOnDemand
      title={titleOfOverlay(overlay)}
      onClose={onClose}
      show={({ SettingsDialog, ShortcutsDialog, PersonCard }) => {
        if ('id' in overlay) return <PersonCard key={overlay.id} id={overlay.id} onClose={onClose} />;
        return overlay.type === 'settings' ? (
          <SettingsDialog onClose={onClose} />
        ) : (
          <ShortcutsDialog onClose={onClose} />
        );
      }}
    />
  );
}
