import { type User, UserStatus } from '@parley/client';
import { useState } from 'react';
import { chatHref } from '../state/place.js';
import { dateTime } from '../state/times.js';
import { words } from '../words/words.js';
import { Avatar } from './avatar.js';
import { Dialog } from './dialog.js';
import { useWatched } from './hooks.js';
import { RefusalLine } from './refusal-line.js';
import { Name, Text } from './text.js';
import { useAction } from './use-action.js';
import { useLoaded } from './use-loaded.js';
import { useWorkspace } from './workspace-context.js';

/** The profile of a person: their text, when they were last here, a direct chat, and a block. */
export function PersonCard({ id, onClose }: { id: string; onClose: () => void }) {
  const { account } = useWorkspace();
  const say = words().people;
  const { value: user, refused, reload } = useLoaded((signal) => account.person(id, signal), id);
  return (
    <Dialog title={say.profile} onClose={onClose} className="person-card">
      {user === undefined ? (
        <p className="hint">{refused === undefined && say.loading}</p>
      ) : (
        <Profile user={user} onChanged={reload} onClose={onClose} />
      )}
      <RefusalLine refused={refused} />
    </Dialog>
  );
}

interface ProfileProps {
  readonly user: User;
  readonly onChanged: () => void;
  readonly onClose: () => void;
}

function Profile({ user, onChanged, onClose }: ProfileProps) {
  const { session, chats } = useWorkspace();
  const say = words().people;
  const isOnline = useWatched(chats).online.has(user.id) || user.online;
  const name = user.name || user.id;
  const isMe = user.id === session.userId;
  return (
    <>
      <div className="self">
        <span className="avatar-place" data-online={isOnline || isMe}>
          <Avatar id={user.id} name={name} />
        </span>
        <p>
          <strong>
            <Name of={name} />
          </strong>
          <span className="hint">
            {user.id}
            {user.bot && ` · ${say.bot}`}
          </span>
          {!isMe && <span className="hint">{presenceWords(user, isOnline)}</span>}
        </p>
      </div>
      {user.about === '' ? <p className="hint">{say.noAbout}</p> : <Text text={user.about} />}
      {isMe ? <p className="hint">{say.you}</p> : <PersonActions user={user} onChanged={onChanged} onClose={onClose} />}
    </>
  );
}

function presenceWords({ status, bot, lastSeen }: User, isOnline: boolean): string {
  const say = words().people;
  if (status === UserStatus.DELETED) return say.deleted;
  if (status === UserStatus.SUSPENDED) return say.suspended;
  if (isOnline) return say.online;
  if (bot) return '';
  return lastSeen === 0 ? say.unseen : say.lastSeen(dateTime(lastSeen));
}

function PersonActions({ user, onChanged, onClose }: ProfileProps) {
  const { membership, account } = useWorkspace();
  const say = words().people;
  const [isAsked, setIsAsked] = useState(false);
  const opening = useAction(async () => {
    const id = await membership.direct(user.id);
    onClose();
    location.hash = chatHref(id);
  });
  const blocking = useAction(async (isBlocked: boolean) => {
    await account.block(user.id, isBlocked);
    setIsAsked(false);
    onChanged();
  });
  const isBusy = opening.busy || blocking.busy;
  return (
    <>
      {user.blocked && <p className="hint">{say.blocked}</p>}
      {isAsked && <p className="asked">{say.blockHint}</p>}
      <RefusalLine refused={opening.refused ?? blocking.refused} />
      <div className="choices">
        {!user.blocked && !isAsked && (
          <button type="button" className="primary" disabled={isBusy} onClick={opening.run}>
            {say.message}
          </button>
        )}
        <button
          type="button"
          className={isAsked ? 'danger' : 'quiet'}
          disabled={isBusy}
          onClick={() => (user.blocked || isAsked ? blocking.run(!user.blocked) : setIsAsked(true))}
        >
          {user.blocked ? say.unblock : say.block}
        </button>
        {isAsked && (
          <button type="button" className="quiet" onClick={() => setIsAsked(false)}>
            {say.cancel}
          </button>
        )}
      </div>
    </>
  );
}
