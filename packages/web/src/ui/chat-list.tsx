import { useState } from 'react';
import { type ChatFilter, type ChatItem, type ChatsState, orderedChats } from '../state/chats.js';
import { linkWords } from '../state/link-words.js';
import { ChatRow } from './chat-item.js';
import { useNow, useOnline, useWatched } from './hooks.js';
import { useWorkspace } from './workspace-context.js';

const filters: readonly (readonly [ChatFilter, string])[] = [
  ['all', 'All'],
  ['unread', 'Unread'],
  ['direct', 'Direct'],
  ['groups', 'Groups'],
];

/** The user's direct chats, groups and channels, the most recently active first. */
export function ChatList({ openId }: { openId: number | undefined }) {
  const { chats } = useWorkspace();
  const state = useWatched(chats);
  const [filter, setFilter] = useState<ChatFilter>('all');
  const { favourites, others } = orderedChats(state, filter);
  const count = Object.keys(state.items).length;
  return (
    <>
      <InboxLine state={state} />
      {count > 0 && <Filters filter={filter} onFilter={setFilter} />}
      <Section title="Favourites" items={favourites} state={state} openId={openId} />
      <Section title="Chats" items={others} state={state} openId={openId} />
      {count > 0 && favourites.length + others.length === 0 && <p className="hint">No chat matches this filter.</p>}
    </>
  );
}

/** The connection of the inbox, while it is not live. */
function InboxLine({ state: { link, fresh, items } }: { state: ChatsState }) {
  const now = useNow(link.state === 'waiting', 500);
  const isOnline = useOnline();
  const { chats } = useWorkspace();
  if (link.state === 'live' || (link.state === 'connecting' && !fresh && Object.keys(items).length === 0)) return null;
  const { words, steady, again } = linkWords(link, now, isOnline);
  return (
    <div className="inbox-line" role="status" aria-label={steady}>
      <span aria-hidden="true">Chats: {words}</span>
      {again !== undefined && (
        <button type="button" className="link" onClick={() => chats.rejoin()}>
          Reconnect
        </button>
      )}
    </div>
  );
}

function Filters({ filter, onFilter }: { filter: ChatFilter; onFilter: (filter: ChatFilter) => void }) {
  return (
    <fieldset className="filters">
      <legend className="unseen">Show</legend>
      {filters.map(([value, words]) => (
        <label key={value}>
          <input type="radio" name="filter" checked={filter === value} onChange={() => onFilter(value)} />
          <span>{words}</span>
        </label>
      ))}
    </fieldset>
  );
}

interface SectionProps {
  readonly title: string;
  readonly items: readonly ChatItem[];
  readonly state: ChatsState;
  readonly openId: number | undefined;
}

function Section({ title, items, state: { names, me, online, unsent }, openId }: SectionProps) {
  if (items.length === 0) return null;
  return (
    <>
      <h2>{title}</h2>
      <ul>
        {items.map((item) => (
          <ChatRow
            key={item.channel.id}
            {...{ item, names, me }}
            isOnline={item.peer !== undefined && online.has(item.peer.id)}
            isOpen={item.channel.id === openId}
            unsent={unsent[item.channel.id] ?? 0}
          />
        ))}
      </ul>
    </>
  );
}
