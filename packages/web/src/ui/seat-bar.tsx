import type { Room } from '../live/room.js';
import { isOver } from '../state/link.js';
import { roomHref } from '../state/place.js';
import { words } from '../words/words.js';
import { useWatched } from './hooks.js';
import { Icon } from './icon.js';
import { Name } from './text.js';
import { useWorkspace } from './workspace-context.js';

/** Says that the user is still in a live room while something else is on screen. */
export function SeatBar({ room }: { room: Room }) {
  const workspace = useWorkspace();
  const { channel, link } = useWatched(room);
  if (link.state === 'ended' || isOver(link)) return null;
  return (
    <aside className="seat-bar" aria-label={words().chats.room}>
      <Icon name="sound" size={16} />
      <a href={roomHref(room.channelId)}>
        {words().rooms.inRoom}
        <Name of={channel?.name ?? words().rooms.numbered(room.channelId)} />
      </a>
      <button type="button" className="link" onClick={() => workspace.leave()}>
        {words().rooms.leave}
      </button>
    </aside>
  );
}
