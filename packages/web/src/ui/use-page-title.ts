import { useEffect } from 'react';
import { unreadTotals } from '../state/chats.js';
import { pageTitle } from '../state/page-title.js';
import { plainLine } from '../state/text.js';
import { useWatched } from './hooks.js';
import { useWorkspace } from './workspace-context.js';

/** Shows one of the two icons of index.html. */
function showIcon(isNew: boolean): void {
  document.getElementById('icon')?.setAttribute('rel', isNew ? 'alternate' : 'icon');
  document.getElementById('icon-new')?.setAttribute('rel', isNew ? 'icon' : 'alternate');
}

/** Shows the number of chats with something new in the title of the window, and a dot in its icon. */
export function usePageTitle(open: string | undefined): void {
  const { chats } = useWorkspace();
  const totals = unreadTotals(useWatched(chats));
  const title = pageTitle(totals, open === undefined ? undefined : plainLine(open));
  const isNew = totals.chats > 0;
  useEffect(() => {
    document.title = title;
    showIcon(isNew);
    return () => {
      document.title = 'Parley';
      showIcon(false);
    };
  }, [title, isNew]);
}
