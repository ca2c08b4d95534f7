import { type RefObject, useEffect, useEffectEvent } from 'react';

/** Calls `onClose` on Escape, or on a click or focus outside of the element. */
export function useCloseOutside(place: RefObject<HTMLElement | null>, isOpen: boolean, onClose: () => void): void {
  const close = useEffectEvent(onClose);
  useEffect(() => {
    if (!isOpen) return;
    const listening = new AbortController();
    const { signal } = listening;
    const closeOutside = ({ target }: Event) => {
      if (!(target instanceof Node && place.current?.contains(target))) close();
    };
    for (const type of ['pointerdown', 'focusin']) document.addEventListener(type, closeOutside, { signal });
    document.addEventListener('keydown', ({ key }) => key === 'Escape' && close(), { signal });
    return () => listening.abort();
  }, [place, isOpen]);
}
