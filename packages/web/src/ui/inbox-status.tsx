import { linkWords } from '../state/link-words.js';
import { words } from '../words/words.js';
import { useNow, useOnline, useWatched } from './hooks.js';
import { useWorkspace } from './workspace-context.js';

/** The connection of the inbox, while it is not live. It stands below the lists, so that it moves no row of them. */
export function InboxStatus() {
  const { chats } = useWorkspace();
  const { link, fresh, items } = useWatched(chats);
  const now = useNow(link.state === 'waiting', 500);
  const isOnline = useOnline();
  if (link.state === 'live' || (link.state === 'connecting' && !fresh && Object.keys(items).length === 0)) return null;
  const { words: status, steady, again } = linkWords(link, now, isOnline);
  return (
    <div className="inbox-line" role="status" aria-label={steady}>
      <span aria-hidden="true">{words().chats.link(status)}</span>
      {again !== undefined && (
        <button type="button" className="link" onClick={() => chats.rejoin()}>
          {words().chats.reconnect}
        </button>
      )}
    </div>
  );
}
