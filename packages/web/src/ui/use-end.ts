import { type RefObject, useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react';

/** So near the end one is taken to read there. */
const near = 80;

const leftOf = ({ scrollHeight, scrollTop, clientHeight }: HTMLElement) => scrollHeight - scrollTop - clientHeight;

/**
 * Begins at the end of what scrolls, and stays there whatever grows above, below or beside it, until one looks up. Everything is read from
 * the element itself, in the moment: what others know of it may be a scroll event old.
 * @param contents whatever differs when something in it may have grown
 */
export function useEnd(place: RefObject<HTMLElement | null>, contents: readonly unknown[]) {
  const stays = useRef(true);
  const topBefore = useRef(0);
  const [isNear, setIsNear] = useState(true);
  const look = useCallback(() => {
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
    look();
  }, [look]);
  useLayoutEffect(look, [look, ...contents]);
  useEffect(() => {
    const sizes = new ResizeObserver(look);
    if (place.current !== null) sizes.observe(place.current);
    return () => sizes.disconnect();
  }, [place, look]);
  return { isNear, follow, go };
}
