import { useState } from 'react';
import type { ConversationState } from '../state/conversation.js';
import { insideOf } from '../state/inside.js';
import { isOver } from '../state/link.js';
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
  const inside = insideOf(state, channel?.users ?? []);
  const over = isOver(state.link);
  const others = inside.count - (inside.ids.includes(state.me) ? 1 : 0);
  return (
    <header className="room-head">
      <a className="icon-button back" href="#rooms" aria-label="All rooms">
        <Icon name="back" />
      </a>
      <div className="room-title">
        <h2>
          <Name of={name} />
        </h2>
        <p>{channel === undefined || over ? '' : keepWords(channel)}</p>
      </div>
      {!over && <People inside={inside} me={state.me} limit={channel?.limit ?? 0} />}
      {!over && channel?.ownerId === desk.session.userId && <Delete name={name} others={others} />}
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

interface DeleteProps {
  readonly name: string;
  /** How many are inside besides oneself. */
  readonly others: number;
}

function Delete({ name, others }: DeleteProps) {
  const { channelId } = useRoom();
  const [asked, setAsked] = useState(false);
  return (
    <>
      <Tool name="trash" words="Delete room" onPress={() => setAsked(true)} />
      {asked && <DeleteRoom id={channelId} name={name} others={others} onClose={() => setAsked(false)} />}
    </>
  );
}

function othersWords(others: number): string {
  if (others <= 0) return '';
  return others === 1
    ? ' One other is inside and will be sent out.'
    : ` ${others} others are inside and will be sent out.`;
}

function DeleteRoom({ id, name, others, onClose }: DeleteProps & { id: number; onClose: () => void }) {
  const desk = useDesk();
  const { busy, refused, run } = useAction(() => desk.delete(id));
  return (
    <Dialog title="Delete this room?" onClose={onClose}>
      <p>
        <Name of={name} /> and all that was said in it will be gone, at once and for everybody.{othersWords(others)}
      </p>
      <p className="refusal" role="alert">
        {refused === undefined ? '' : sentence(refused.words)}
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
