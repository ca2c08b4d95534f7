import type { FoundMessage } from '@parley/client';
import { textOf } from '@parley/client';
import { type FormEvent, useEffect, useId, useRef, useState } from 'react';
import type { FoundPage } from '../live/message-search.js';
import { titleOf } from '../state/chats.js';
import { excerptOf } from '../state/highlights.js';
import { withoutFormats } from '../state/markdown.js';
import { nameOf } from '../state/names.js';
import { chatHref } from '../state/place.js';
import { briefTime, fullTime } from '../state/times.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { useWatched } from './hooks.js';
import { RefusalLine } from './refusal-line.js';
import { Name } from './text.js';
import { useAction } from './use-action.js';
import { useWorkspace } from './workspace-context.js';

interface Results {
  readonly query: string;
  readonly messages: readonly FoundMessage[];
  /** Loads the next page. Undefined after the last one. */
  readonly next: (() => Promise<FoundPage>) | undefined;
}

/** Runs searches and loads further pages. A new search ends the previous one. */
function useSearch() {
  const { search } = useWorkspace();
  const [results, setResults] = useState<Results>();
  const searching = useRef<AbortController>(undefined);
  useEffect(() => () => searching.current?.abort(), []);
  const load = async (next: () => Promise<FoundPage>, query: string, before: readonly FoundMessage[]) => {
    const { signal } = searching.current ?? {};
    const { messages, isLast } = await next();
    if (signal?.aborted !== true)
      setResults({ query, messages: [...before, ...messages], next: isLast ? undefined : next });
  };
  const first = useAction((query: string, channelId: number | undefined) => {
    searching.current?.abort();
    searching.current = new AbortController();
    setResults(undefined);
    return load(search.find(query, channelId, searching.current.signal), query, []);
  });
  const more = useAction(async () => {
    if (results?.next !== undefined) await load(results.next, results.query, results.messages);
  });
  return { results, first, more };
}

/** Finds messages by their words, in one chat or in all chats. A result leads to its message. */
export function SearchDialog({ id, onClose }: { id: number; onClose: () => void }) {
  const field = useId();
  const [query, setQuery] = useState('');
  const [everywhere, setEverywhere] = useState(false);
  const { results, first, more } = useSearch();
  const refused = first.refused ?? more.refused;
  const say = words().conversation;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (query.trim() !== '') first.run(query, everywhere ? undefined : id);
  };
  return (
    <Dialog title={say.searchTitle} onClose={onClose}>
      <form className="search" onSubmit={submit}>
        <div className="field">
          <label htmlFor={field}>{say.searchField}</label>
          <input id={field} type="search" value={query} onChange={(event) => setQuery(event.target.value)} />
        </div>
        <label>
          <input type="checkbox" checked={everywhere} onChange={() => setEverywhere(!everywhere)} /> {say.everywhere}
        </label>
        <button type="submit" className="primary" disabled={first.busy || query.trim() === ''}>
          {say.search}
        </button>
      </form>
      <p className="hint" role="status">
        {first.busy && words().common.searching}
        {results !== undefined && results.messages.length === 0 && say.noResults}
      </p>
      <RefusalLine refused={refused} />
      {results !== undefined && <ResultList results={results} onClose={onClose} />}
      {results?.next !== undefined && (
        <button type="button" className="quiet more" disabled={more.busy} onClick={more.run}>
          {words().common.more}
        </button>
      )}
    </Dialog>
  );
}

function ResultList({ results, onClose }: { results: Results; onClose: () => void }) {
  const { chats, rooms } = useWorkspace();
  const { items, names } = useWatched(chats);
  const { channels } = useWatched(rooms);
  const placeOf = (id: number) => {
    const item = items[id];
    return item === undefined ? (channels[id]?.name ?? '') : titleOf(item);
  };
  return (
    <ul className="results">
      {results.messages.map((message) => (
        <li key={`${message.channelId} ${message.seq}`}>
          <a href={chatHref(message.channelId, message.seq)} onClick={onClose}>
            <span className="hint">
              <Name of={nameOf(names, message.sender)} title={message.sender} /> ·{' '}
              <Name of={placeOf(message.channelId)} /> ·{' '}
              <time title={fullTime(message.timestamp)}>{briefTime(message.timestamp, Date.now())}</time>
            </span>
            <Excerpt text={textOf(message) ?? ''} query={results.query} />
          </a>
        </li>
      ))}
    </ul>
  );
}

/** The part of a message around the first hit, without formats unless the hit is in one, such as the address of a link. */
function Excerpt({ text, query }: { text: string; query: string }) {
  const plain = excerptOf(withoutFormats(text), query);
  const parts = plain.some(({ isHit }) => isHit) ? plain : excerptOf(text, query);
  return (
    <bdi>
      {parts.map((part, index) =>
        // biome-ignore lint/suspicious/noArrayIndexKey: the parts have no id and no state
        part.isHit ? <mark key={index}>{part.text}</mark> : part.text,
      )}
    </bdi>
  );
}
