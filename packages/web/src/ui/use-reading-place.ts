import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** Distance from the end, in pixels, within which the user counts as being at the end. */
const near = 80;

/** A row, and its distance from the top of the list in pixels. */
export interface RowAnchor {
  readonly key: string;
  readonly top: number;
}

export interface ReadingPlaceOptions {
  /** The row that the user read last; undefined at the end of the list. */
  readonly initial: RowAnchor | undefined;
  /** Returns where a row begins in the list, in pixels, even if it is not rendered; undefined if it is gone. */
  readonly startOf: (key: string) => number | undefined;
}

const leftOf = ({ scrollHeight, scrollTop, clientHeight }: HTMLElement) => scrollHeight - scrollTop - clientHeight;

/** Returns the first row that begins in view, or else the one that fills it. */
function anchorIn(list: HTMLElement): RowAnchor | undefined {
  const listTop = list.getBoundingClientRect().top;
  let above: RowAnchor | undefined;
  for (const row of list.querySelectorAll<HTMLElement>('[data-key]')) {
    const anchor = { key: row.dataset.key ?? '', top: row.getBoundingClientRect().top - listTop };
    if (anchor.top >= 0 && anchor.top < list.clientHeight) return anchor;
    if (anchor.top < 0) above = anchor;
  }
  return above;
}

/**
 * Scrolls so that a row has its distance from the top again. Returns the row that is then the first
 * in view: rows above the anchor may not have been rendered when it was taken.
 */
function restore(list: HTMLElement, anchor: RowAnchor, startOf: ReadingPlaceOptions['startOf']): RowAnchor {
  const { key, top } = anchor;
  const row = list.querySelector(`[data-key="${CSS.escape(key)}"]`);
  if (row !== null) {
    const by = row.getBoundingClientRect().top - list.getBoundingClientRect().top - top;
    if (Math.abs(by) >= 1) list.scrollTop += by;
    return anchorIn(list) ?? anchor;
  }
  const start = startOf(key);
  if (start !== undefined) list.scrollTop = start - top;
  return anchor;
}

/**
 * Keeps a scrolling list where the user reads: at its end while its contents grow, or with the row
 * that the user reads at the same distance from the top.
 */
export function useReadingPlace(place: RefObject<HTMLElement | null>, { initial, startOf }: ReadingPlaceOptions) {
  const stays = useRef(initial === undefined);
  const anchor = useRef(initial);
  const topBefore = useRef(0);
  const [isNear, setIsNear] = useState(initial === undefined);
  const update = useCallback(() => {
    const list = place.current;
    if (list === null) return;
    if (stays.current) list.scrollTop = list.scrollHeight;
    else if (anchor.current !== undefined) anchor.current = restore(list, anchor.current, startOf);
    topBefore.current = list.scrollTop;
    setIsNear(leftOf(list) <= near);
  }, [place, startOf]);
  const follow = useCallback(() => {
    const list = place.current;
    if (list === null) return;
    if (!stays.current && anchor.current !== undefined && list.scrollTop === topBefore.current) return; // `update` scrolled here.
    const [left, isUp] = [leftOf(list), list.scrollTop < topBefore.current];
    if (left <= 1 || (!isUp && left <= near)) stays.current = true;
    else if (isUp) stays.current = false;
    anchor.current = stays.current ? undefined : anchorIn(list);
    topBefore.current = list.scrollTop;
    setIsNear(left <= near);
  }, [place]);
  const go = useCallback(() => {
    stays.current = true;
    anchor.current = undefined;
    update();
  }, [update]);
  /** Stops following the end, because the list will scroll elsewhere. */
  const leave = useCallback(() => {
    stays.current = false;
    anchor.current = undefined;
  }, []);
  /** Stays with the row that is in view now, because something is about to grow below it. */
  const hold = useCallback(() => {
    if (place.current === null) return;
    stays.current = false;
    anchor.current = anchorIn(place.current);
  }, [place]);
  useLayoutEffect(update);
  useListeners(place, update, follow);
  return { isNear, go, leave, hold, current: () => (stays.current ? undefined : anchor.current) };
}

/** Follows scrolling, and updates the list when its size or the composer changes. */
function useListeners(place: RefObject<HTMLElement | null>, update: () => void, follow: () => void): void {
  useEffect(() => {
    const list = place.current;
    if (list === null) return;
    // The virtualizer renders in its own listener, which must find the new place.
    list.addEventListener('scroll', follow, { capture: true, passive: true });
    const sizes = new ResizeObserver(update);
    sizes.observe(list);
    // Text that replaces other text can shrink and grow the composer within one frame. The browser
    // then scrolls this element up, but no observer sees a change of size.
    document.addEventListener('input', update);
    return () => {
      list.removeEventListener('scroll', follow, { capture: true });
      sizes.disconnect();
      document.removeEventListener('input', update);
    };
  }, [place, update, follow]);
}
