import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { type Destination, matchingDestinations } from '../state/chat-search.js';
import { kindWords } from '../state/chat-words.js';
import { activityOf, type ChatsState, titleOf } from '../state/chats.js';
import { chatHref, roomHref } from '../state/place.js';
import { joinableChannels, type RoomsState, roomsOf } from '../state/rooms.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { useWatched } from './hooks.js';
import { Name } from './text.js';
import { useWorkspace } from './workspace-context.js';

const mostShown = 12;

/** Returns everything that the user can open: chats, rooms, and public channels to join. */
function destinations(chats: ChatsState, rooms: RoomsState): readonly Destination[] {
  const own = Object.values(chats.items).map((item) => ({
    ...{ id: item.channel.id, title: titleOf(item), href: chatHref(item.channel.id) },
    ...{ about: kindWords(item.channel.kind), at: activityOf(item) },
  }));
  const live = [...roomsOf(rooms, 'mine'), ...roomsOf(rooms, 'listed')].map((room) => ({
    ...{ id: room.id, title: room.name, href: roomHref(room.id), about: words().chats.room, at: room.lastAt },
  }));
  const open = joinableChannels(rooms)
    .filter(({ id }) => chats.items[id] === undefined)
    .map(({ id, name, lastAt }) => ({
      id,
      title: name,
      href: chatHref(id),
      about: words().chats.publicToJoin,
      at: lastAt,
    }));
  return [...own, ...live, ...open];
}

/** Opens the switcher with Ctrl+K or Cmd+K. */
export function useSwitcher() {
  const [isOpen, setIsOpen] = useState(false);
  useEffect(() => {
    const onKey = (event: globalThis.KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey)
        return;
      event.preventDefault();
      setIsOpen(true);
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);
  return { isOpen, open: () => setIsOpen(true), close: () => setIsOpen(false) };
}

/** The quick switcher: finds a chat or room by its name. */
export function Switcher({ onClose }: { onClose: () => void }) {
  const { chats, rooms } = useWorkspace();
  const id = useId();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const matching = matchingDestinations(destinations(useWatched(chats), useWatched(rooms)), text);
  const found = matching.slice(0, mostShown);
  const say = words().chats;
  const go = (href: string | undefined) => {
    if (href === undefined) return;
    onClose();
    location.hash = href;
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter') go(found[at]?.href);
    else if (event.key === 'ArrowDown') setAt(Math.min(at + 1, found.length - 1));
    else if (event.key === 'ArrowUp') setAt(Math.max(at - 1, 0));
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={say.switcher} onClose={onClose}>
      <div className="field picker">
        <input
          id={id}
          role="combobox"
          aria-label={say.switcherField}
          aria-expanded
          aria-controls={`${id}-found`}
          aria-activedescendant={found[at] && `${id}-${at}`}
          autoComplete="off"
          placeholder={say.switcherField}
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={onKey}
        />
        <div className="found" id={`${id}-found`} role="listbox" aria-label={say.list}>
          {found.map(({ title, about, href }, index) => (
            <button
              key={href}
              type="button"
              role="option"
              id={`${id}-${index}`}
              aria-selected={index === at}
              tabIndex={-1}
              onClick={() => go(href)}
            >
              <Name of={title} />
              <span className="hint">{about}</span>
            </button>
          ))}
        </div>
        {text !== '' && <LeftOut shown={found.length} matching={matching.length} />}
      </div>
    </Dialog>
  );
}

/** Says how many of the matches are left out, or that there are none. */
function LeftOut({ shown, matching }: { shown: number; matching: number }) {
  const { chats, common } = words();
  if (matching > shown) return <p className="hint">{common.others(matching - shown)}</p>;
  return matching === 0 && <p className="hint">{chats.nothingFound}</p>;
}
