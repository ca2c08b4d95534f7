import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** Distance from the end, in pixels, within which the user counts as being at the end. */
const near = 80;

const leftOf = ({ scrollHeight, scrollTop, clientHeight }: HTMLElement) => scrollHeight - scrollTop - clientHeight;

/**
 * Keeps a scrolling element at its end while its contents grow, until the user scrolls up. Reads
 * all positions from the element itself, because other sources may be one scroll event late.
 * @param contents values that change when the contents may have grown
 */
export function useEnd(place: RefObject<HTMLElement | null>, contents: readonly unknown[]) {
  const stays = useRef(true);
  const topBefore = useRef(0);
  const [isNear, setIsNear] = useState(true);
  const update = useCallback(() => {
    const element = place.current;
    if (element === null) return;
    if (stays.current) element.scrollTop = element.scrollHeight;
    topBefore.current = element.scrollTop;
    setIsNear(leftOf(element) <= near);
  }, [place]);
  const follow = useCallback(() => {
    const element = place.current;
    if (element === null) return;
    const [left, isUp] = [leftOf(element), element.scrollTop < topBefore.current];
    if (left <= 1 || (!isUp && left <= near)) stays.current = true;
    else if (isUp) stays.current = false;
    topBefore.current = element.scrollTop;
    setIsNear(left <= near);
  }, [place]);
  const go = useCallback(() => {
    stays.current = true;
    update();
  }, [update]);
  const leave = useCallback(() => {
    stays.current = false;
  }, []);
  useLayoutEffect(update, [update, ...contents]);
  useEffect(() => {
    const sizes = new ResizeObserver(update);
    if (place.current !== null) sizes.observe(place.current);
    return () => sizes.disconnect();
  }, [place, update]);
  useEffect(() => {
    // Text that replaces other text can shrink and grow the composer within one frame. The browser
    // then scrolls this element up, but no observer sees a change of size.
    document.addEventListener('input', update);
    return () => document.removeEventListener('input', update);
  }, [update]);
  return { isNear, follow, go, leave };
}
