import { useState } from 'react';
import type { ConversationState } from '../state/conversation.js';
import { keepWords } from '../state/rooms.js';
import { useDesk, useRoom } from './desk-context.js';
import { Dialog } from './dialog.js';
import { useWatched } from './hooks.js';
import { Icon, type IconName } from './icon.js';
import { People } from './people.js';
import { Name } from './text.js';
import { sentence, useAction } from './use-action.js';

/** Which room this is, who is inside, and the ways out. */
export function RoomHead({ state }: { state: ConversationState }) {
  const desk = useDesk();
  const { channelId } = useRoom();
  const { rooms } = useWatched(desk.rooms);
  const channel = rooms.find(({ id }) => id === channelId) ?? state.channel;
  const name = channel?.name ?? `Room ${channelId}`;
  return (
    <header className="room-head">
      <a className="icon-button back" href="#rooms" aria-label="All rooms">
        <Icon name="back" />
      </a>
      <div className="room-title">
        <h2>
          <Name of={name} />
        </h2>
        <p>{channel === undefined ? '' : keepWords(channel)}</p>
      </div>
      <People state={state} limit={channel?.limit ?? 0} listed={channel?.users.length ?? 0} />
      {channel?.ownerId === desk.session.userId && <Delete name={name} />}
      <Tool name="leave" words="Leave room" onPress={() => desk.leave()} />
    </header>
  );
}

function Tool({ name, words, onPress }: { name: IconName; words: string; onPress: () => void }) {
  return (
    <button type="button" className="icon-button" aria-label={words} title={words} onClick={onPress}>
      <Icon name={name} />
    </button>
  );
}

function Delete({ name }: { name: string }) {
  const { channelId } = useRoom();
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Tool name="trash" words="Delete room" onPress={() => setAsked(true)} />
      {asked && <DeleteRoom id={channelId} name={name} onClose={() => setAsked(false)} />}
    </>
  );
}

function DeleteRoom({ id, name, onClose }: { id: number; name: string; onClose: () => void }) {
  const desk = useDesk();
  const { busy, refused, run } = useAction(() => desk.delete(id));
  return (
    <Dialog title="Delete this room?" onClose={onClose}>
      <p>
        <Name of={name} /> and all that was said in it will be gone, for everybody. A room is deleted when nobody else
        is inside.
      </p>
      <p className="refusal" role="alert">
        {refused === undefined ? '' : sentence(refused)}
      </p>
      <div className="choices">
        <button type="button" className="danger" disabled={busy} onClick={run}>
          Delete the room
        </button>
        <button type="button" className="quiet" onClick={onClose}>
          Keep it
        </button>
      </div>
    </Dialog>
  );
}
