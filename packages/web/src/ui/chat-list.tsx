import { useDeferredValue, useState } from 'react';
import { type ChatFilter, type ChatItem, type ChatsState, firstChats, orderedChats } from '../state/chats.js';
import type { ChatsWords } from '../words/en/chats.js';
import { words } from '../words/words.js';
import { ChatRow } from './chat-item.js';
import { useWatched } from './hooks.js';
import { useWorkspace } from './workspace-context.js';

const filters = [
  ['all', 'all'],
  ['unread', 'unread'],
  ['direct', 'directFilter'],
  ['groups', 'groupsFilter'],
] as const satisfies readonly (readonly [ChatFilter, keyof ChatsWords])[];

/** The user's direct chats, groups and channels, the most recently active first. */
export function ChatList({ openId }: { openId: number | undefined }) {
  const { chats } = useWorkspace();
  const state = useWatched(chats);
  const [filter, setFilter] = useState<ChatFilter>('all');
  const { favourites, others } = orderedChats(state, filter);
  const count = Object.keys(state.items).length;
  const say = words().chats;
  return (
    <>
      {count > 0 && <Filters filter={filter} onFilter={setFilter} />}
      {favourites.length > 0 && <Section title={say.favourites} items={favourites} state={state} openId={openId} />}
      {others.length > 0 && <Section title={say.chats} items={others} state={state} openId={openId} />}
      {count === 0 && state.fresh && <p className="hint">{say.none}</p>}
      {count > 0 && favourites.length + others.length === 0 && <p className="hint">{say.noMatch}</p>}
    </>
  );
}

function Filters({ filter, onFilter }: { filter: ChatFilter; onFilter: (filter: ChatFilter) => void }) {
  const say = words().chats;
  return (
    <fieldset className="filters">
      <legend className="unseen">{say.show}</legend>
      {filters.map(([value, name]) => (
        <label key={value}>
          <input type="radio" name="filter" checked={filter === value} onChange={() => onFilter(value)} />
          <span>{say[name]}</span>
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

/** Number of chats that a section shows at first, and by which it grows. */
const step = 100;
/** Number of chats that a section renders at once. The others follow after these are painted. */
const firstPainted = 25;

function Section({ title, items, state: { names, me, online, unsent }, openId }: SectionProps) {
  const [most, setMost] = useState(step);
  const rendered = useDeferredValue(most, firstPainted);
  const shown = firstChats(items, rendered, openId);
  const wanted = Math.max(most, shown.length);
  return (
    <>
      <h2>{title}</h2>
      <ul>
        {shown.map((item) => (
          <ChatRow
            key={item.channel.id}
            {...{ item, names, me }}
            isOnline={item.peer !== undefined && online.has(item.peer.id)}
            isOpen={item.channel.id === openId}
            unsent={unsent[item.channel.id] ?? 0}
          />
        ))}
      </ul>
      {wanted < items.length && (
        <button type="button" className="quiet more" onClick={() => setMost(wanted + step)}>
          {words().common.more}
        </button>
      )}
    </>
  );
}
