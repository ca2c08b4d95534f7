import { createContext, useContext } from 'react';

/** A dialog that the page loads on demand. */
export type Overlay = { readonly type: 'settings' | 'shortcuts' } | { readonly type: 'person'; readonly id: string };

/** Provides the function that opens a dialog. */
export const OverlayContext = createContext<((overlay: Overlay) => void) | undefined>(undefined);

/** Returns a function that opens the settings or the profile of a person. */
export function useOverlay(): (overlay: Overlay) => void {
  const open = useContext(OverlayContext);
  if (open === undefined) throw new Error('The component is outside of the overlays.');
  return open;
}
