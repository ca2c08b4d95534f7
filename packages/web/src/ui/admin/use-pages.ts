import { useCallback, useEffect, useRef, useState } from 'react';
import { type RefusedAction, refusedBy } from '../use-action.js';

/** Number of rows in a page of a list. */
const size = 50;

/** A page of a list to read. */
export interface RowRange {
  readonly size: number;
  /** Cursor; empty: the first page. */
  readonly after: string;
}

/** One page of a list. */
export interface ListPage<R> {
  readonly rows: readonly R[];
  /** Cursor of the next page; empty at the end. */
  readonly next: string;
}

interface Loaded<R> extends ListPage<R> {
  readonly isLoaded: boolean;
  readonly isBusy: boolean;
  readonly refused: RefusedAction | undefined;
}

/** A list that is read page by page. */
export interface Pages<R> extends Loaded<R> {
  /** Reads the next page. */
  readonly more: () => void;
  /** Changes the rows in place, after an action. */
  readonly change: (change: (rows: readonly R[]) => readonly R[]) => void;
}

const nothing = { rows: [], next: '', isLoaded: false, isBusy: true, refused: undefined };

/** Reads the first page at once, and again whenever `load` changes. */
export function usePages<R>(load: (page: RowRange, signal: AbortSignal) => Promise<ListPage<R>>): Pages<R> {
  const [list, setList] = useState<Loaded<R>>(nothing);
  const reading = useRef<AbortController>(undefined);
  const read = useCallback(
    async (after: string, before: readonly R[]) => {
      reading.current?.abort();
      reading.current = new AbortController();
      const { signal } = reading.current;
      setList((last) => ({ ...last, isBusy: true, refused: undefined }));
      try {
        const { rows, next } = await load({ size, after }, signal);
        if (!signal.aborted)
          setList({ rows: [...before, ...rows], next, isLoaded: true, isBusy: false, refused: undefined });
      } catch (thrown) {
        // Rows of an earlier search would go on with the cursor of another one.
        const { rows, next } = after === '' ? nothing : { rows: before, next: after };
        if (!signal.aborted) setList((last) => ({ ...last, rows, next, isBusy: false, refused: refusedBy(thrown) }));
      }
    },
    [load],
  );
  useEffect(() => {
    read('', []);
    return () => reading.current?.abort();
  }, [read]);
  return {
    ...list,
    more: () => read(list.next, list.rows),
    change: (change) => setList((last) => ({ ...last, rows: change(last.rows) })),
  };
}
