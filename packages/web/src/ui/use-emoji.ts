import { useEffect, useState } from 'react';
import type { Emoji } from '../state/emoji.js';

let loading: Promise<readonly Emoji[]> | undefined;

/** Loads the emoji once for the page, because they are a tenth of it. */
function loadEmoji(): Promise<readonly Emoji[]> {
  loading ??= import('gemoji').then(({ gemoji }) => gemoji);
  loading.catch(() => {
    loading = undefined;
  });
  return loading;
}

/** Returns all emoji once they are wanted and loaded, and whether they could not be loaded. */
export function useEmoji(isWanted: boolean) {
  const [all, setAll] = useState<readonly Emoji[]>();
  const [isFailed, setIsFailed] = useState(false);
  const isMissing = isWanted && all === undefined;
  useEffect(() => {
    if (!isMissing) return;
    let isCurrent = true;
    loadEmoji().then(
      (emoji) => isCurrent && setAll(emoji),
      () => isCurrent && setIsFailed(true),
    );
    return () => {
      isCurrent = false;
    };
  }, [isMissing]);
  return { all, isFailed };
}
