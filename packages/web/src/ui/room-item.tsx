import type { Channel } from '@parley/client';
import { memo } from 'react';
import { named, nameOf } from '../state/names.js';
import { mostUnread } from '../state/rooms.js';
import { plainLine } from '../state/text.js';
import { hrefOf } from './hooks.js';
import { Name } from './text.js';

interface RoomItemProps {
  readonly room: Channel;
  readonly isOpen: boolean;
  readonly unread: number;
  readonly unsent: number;
}

/** Returns the names of the users in a room. */
function userNames({ users, userCount }: Channel): string {
  const names = named({}, users);
  if (users.length === 0) return userCount === 0 ? 'Empty' : '';
  return users.map(({ id }) => plainLine(nameOf(names, id))).join(', ');
}

const many = (unread: number) => (unread > mostUnread ? `${mostUnread}+` : `${unread}`);

/** A room in the list. */
export const RoomItem = memo(function RoomItem({ room, isOpen, unread, unsent }: RoomItemProps) {
  const { users, userCount, limit, name, id } = room;
  const count = Math.max(userCount, users.length);
  const isFull = count >= limit;
  return (
    <li>
      <a href={hrefOf(id)} className={unread > 0 ? 'room unread' : 'room'} aria-current={isOpen ? 'page' : undefined}>
        <span className="room-name">
          <Name of={name} />
        </span>
        <span className="seats" data-full={isFull}>
          <span aria-hidden="true">
            {count}/{limit}
          </span>
          <span className="unseen">
            , {count} of {limit} seats taken,
          </span>
        </span>
        <span className="room-inside">
          <bdi>{userNames(room)}</bdi>
        </span>
        {unsent > 0 && <span className="unsent">{unsent} not sent</span>}
        {unread > 0 && (
          <span className="badge">
            <span aria-hidden="true">{many(unread)}</span>
            <span className="unseen">, {many(unread)} unread</span>
          </span>
        )}
      </a>
    </li>
  );
});
