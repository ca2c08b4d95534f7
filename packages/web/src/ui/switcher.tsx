import { type KeyboardEvent, useEffect, useId, useState } from 'react';
import { type Destination, matchingDestinations } from '../state/chat-search.js';
import { kindWords } from '../state/chat-words.js';
import { activityOf, type ChatsState, titleOf } from '../state/chats.js';
import { chatHref, roomHref } from '../state/place.js';
import { joinableChannels, type RoomsState, roomsOf } from '../state/rooms.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { useWatched } from './hooks.js';
import { RefusalLine } from './refusal-line.js';
import { Name } from './text.js';
import { useAction } from './use-action.js';
import { useFoundPeople } from './use-found-people.js';
import { useWorkspace } from './workspace-context.js';

const mostShown = 12;
const mostPeople = 6;

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

const intoView = (element: HTMLElement | null) => element?.scrollIntoView({ block: 'nearest' });

/** One row of the switcher. */
interface Choice {
  readonly key: string;
  readonly title: string;
  readonly about: string;
  readonly open: () => void;
}

/**
 * Returns what matches a text: chats and rooms, and then people who have no chat among them. A
 * choice of a person opens the direct chat.
 */
function useChoices(text: string, onClose: () => void) {
  const { chats, rooms, membership } = useWorkspace();
  const state = useWatched(chats);
  const { users, refused: notFound } = useFoundPeople(text);
  const go = (href: string) => {
    onClose();
    location.hash = href;
  };
  const { refused, run } = useAction(async (userId: string) => go(chatHref(await membership.direct(userId))));
  const matching = matchingDestinations(destinations(state, useWatched(rooms)), text);
  const found = matching.slice(0, mostShown);
  const peers = new Set(found.map(({ id }) => state.items[id]?.peer?.id));
  const people = (users ?? []).filter(({ id }) => !peers.has(id)).slice(0, mostPeople);
  const choices: readonly Choice[] = [
    ...found.map(({ href, title, about }) => ({ key: href, title, about, open: () => go(href) })),
    ...people.map(({ id, name }) => ({ key: `@${id}`, title: name || id, about: `@${id}`, open: () => run(id) })),
  ];
  const isSearching = text.trim() !== '' && users === undefined && notFound === undefined;
  return { choices, leftOut: matching.length - found.length, isSearching, refused: refused ?? notFound };
}

/** The quick switcher: finds a chat, a room or a person by name. */
export function Switcher({ onClose }: { onClose: () => void }) {
  const id = useId();
  const [text, setText] = useState('');
  const [at, setAt] = useState(0);
  const { choices, leftOut, isSearching, refused } = useChoices(text, onClose);
  const say = words().chats;
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter') choices[at]?.open();
    else if (event.key === 'ArrowDown') setAt(Math.min(at + 1, choices.length - 1));
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
          aria-activedescendant={choices[at] && `${id}-${at}`}
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
          {choices.map(({ key, title, about, open }, index) => (
            <button
              key={key}
              ref={index === at ? intoView : undefined}
              type="button"
              role="option"
              id={`${id}-${index}`}
              aria-selected={index === at}
              tabIndex={-1}
              onClick={open}
            >
              <Name of={title} />
              <span className="hint">{about}</span>
            </button>
          ))}
        </div>
        {text !== '' && leftOut > 0 && <p className="hint">{words().common.others(leftOut)}</p>}
        {text !== '' && choices.length === 0 && (
          <p className="hint">{isSearching ? words().common.searching : say.nothingFound}</p>
        )}
        <RefusalLine refused={refused} />
      </div>
    </Dialog>
  );
}
