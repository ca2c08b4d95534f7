import { useEffect } from 'react';
import { unreadTotals } from '../state/chats.js';
import { iconWithBadge } from '../state/page-icon.js';
import { pageTitle } from '../state/page-title.js';
import { plainLine } from '../state/text.js';
import { useWatchedPart } from './hooks.js';
import { useWorkspace } from './workspace-context.js';

const ignore = () => {};

/** Shows a number on the icon of the tab and of the installed page; for 0, shows the plain icons. */
function showCount(count: number): void {
  const [icon, iconNew] = [document.getElementById('icon'), document.getElementById('icon-new')];
  icon?.setAttribute('rel', count > 0 ? 'alternate' : 'icon');
  iconNew?.setAttribute('rel', count > 0 ? 'icon' : 'alternate');
  if (count > 0) iconNew?.setAttribute('href', iconWithBadge(count));
  const badge: Partial<Pick<Navigator, 'setAppBadge' | 'clearAppBadge'>> = navigator;
  if (count > 0) badge.setAppBadge?.(count).catch(ignore);
  else badge.clearAppBadge?.().catch(ignore);
}

/** Shows the number of chats with something new in the title of the window and in its icon. */
export function usePageTitle(open: string | undefined): void {
  const { chats } = useWorkspace();
  const count = useWatchedPart(chats, (state) => unreadTotals(state).chats);
  const title = pageTitle({ chats: count }, open === undefined ? undefined : plainLine(open));
  useEffect(() => {
    document.title = title;
    return () => {
      document.title = 'Parley';
    };
  }, [title]);
  useEffect(() => {
    showCount(count);
    return () => showCount(0);
  }, [count]);
}
