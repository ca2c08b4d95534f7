import { useEffect, useState } from 'react';
import { usePlace, useWatched } from './hooks.js';
import { NewRoom } from './new-room.js';
import { NoSuchRoom } from './no-such-room.js';
import { RoomView } from './room-view.js';
import { Side } from './side.js';
import { UnsavedNotice } from './unsaved-notice.js';
import { RoomContext, useWorkspace } from './workspace-context.js';

/**
 * Media query for a screen that has space only for the list or a room. There, a user who goes back
 * to the list stays in the room.
 */
const phone = '(max-width: 720px)';

/** The list of rooms and the room that the address names. A phone shows one of the two. */
export function WorkspaceView({ onSignOut }: { onSignOut: () => void }) {
  const workspace = useWorkspace();
  const room = useWatched({ state: workspace.room, subscribe: workspace.subscribe });
  const { channelId, isNone } = usePlace();
  const [making, setMaking] = useState(false);
  useEffect(() => {
    if (channelId !== undefined) workspace.enter(channelId);
    else if (matchMedia(phone).matches) workspace.showList();
    else workspace.closeRoom();
  }, [workspace, channelId]);
  useEffect(() => {
    if (room === undefined && channelId !== undefined && workspace.room() === undefined) location.hash = '';
  }, [workspace, room, channelId]);
  return (
    <div className="workspace" data-pane={channelId === undefined && !isNone ? 'rooms' : 'room'}>
      <Side openId={channelId ?? room?.channelId} onNew={() => setMaking(true)} onSignOut={onSignOut} />
      <main className="main">
        {isNone && <NoSuchRoom />}
        {!isNone && room === undefined && <NoRoom onNew={() => setMaking(true)} />}
        {!isNone && room !== undefined && (
          <RoomContext value={room}>
            <RoomView key={room.channelId} />
          </RoomContext>
        )}
      </main>
      <UnsavedNotice />
      {making && <NewRoom onClose={() => setMaking(false)} />}
    </div>
  );
}

function NoRoom({ onNew }: { onNew: () => void }) {
  return (
    <section className="no-room">
      <h2>Choose a room</h2>
      <p>Everyone in a room sees your messages right away. You can be in one room at a time.</p>
      <button type="button" className="primary" onClick={onNew}>
        Create room
      </button>
    </section>
  );
}
