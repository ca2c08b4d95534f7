import { useEffect } from 'react';
import type { UserChats } from '../live/user-chats.js';
import { orderedChats } from '../state/chats.js';
import { chatHref, placeOf } from '../state/place.js';
import { neighbourOf, type Shortcut, shortcutOf } from '../state/shortcuts.js';
import { useOverlay } from './overlay-context.js';
import { typeAhead } from './typed-ahead.js';
import { useWorkspace } from './workspace-context.js';

function isField(target: EventTarget | null): boolean {
  return target instanceof Element && target.matches('input, textarea, select');
}

function go(chats: UserChats, shortcut: Exclude<Shortcut, 'shortcuts' | 'settings'>): void {
  const { favourites, others } = orderedChats(chats.state());
  const step = shortcut === 'next' || shortcut === 'nextUnread' ? 1 : -1;
  const isUnread = shortcut === 'nextUnread' || shortcut === 'previousUnread';
  const id = neighbourOf([...favourites, ...others], placeOf(location.hash).channelId, { step, isUnread });
  if (id === undefined) return;
  location.hash = chatHref(id);
  typeAhead(id);
}

/** Listens to the keys that work anywhere, except while a dialog is open. */
export function useShortcuts(): void {
  const { chats } = useWorkspace();
  const open = useOverlay();
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const shortcut = shortcutOf(event, isField(event.target));
      if (shortcut === undefined || event.defaultPrevented || document.querySelector('dialog[open]') !== null) return;
      event.preventDefault();
      if (shortcut === 'shortcuts' || shortcut === 'settings') open({ type: shortcut });
      else go(chats, shortcut);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [chats, open]);
}
