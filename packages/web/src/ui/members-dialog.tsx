import { MemberRole, type User } from '@parley/client';
import { useCallback, useEffect, useState } from 'react';
import { memberWords } from '../state/chat-words.js';
import type { ChatItem } from '../state/chats.js';
import { refusalWords } from '../state/refusal-words.js';
import { words } from '../words/words.js';
import { Avatar } from './avatar.js';
import { Dialog } from './dialog.js';
import { useWatched } from './hooks.js';
import { InvitesDialog } from './invites-dialog.js';
import { PeoplePicker, type Picked } from './people-picker.js';
import { PersonName } from './person-name.js';
import { RefusalLine } from './refusal-line.js';
import { sentence, useAction } from './use-action.js';
import { useWorkspace } from './workspace-context.js';

const roles: Readonly<Partial<Record<MemberRole, 'admin' | 'owner'>>> = {
  [MemberRole.ADMIN]: 'admin',
  [MemberRole.OWNER]: 'owner',
};

/** Loads the members page by page. */
function useMembers(id: number) {
  const { membership } = useWorkspace();
  const [users, setUsers] = useState<readonly User[]>([]);
  const [next, setNext] = useState<string>();
  const [closing] = useState(() => new AbortController());
  const { refused, busy, run } = useAction(async (after: string) => {
    const page = await membership.members(id, after, closing.signal);
    setUsers((before) => (after === '' ? page.users : [...before, ...page.users]));
    setNext(page.next);
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the first page is loaded once
  useEffect(() => {
    run('');
  }, [id]);
  const reload = useCallback(() => run(''), [run]);
  return { users, busy, refused, reload, more: next === undefined || next === '' ? undefined : () => run(next) };
}

/** The members of a chat with their roles. Admins add and remove members; the owner gives roles. */
export function MembersDialog({ item, onClose }: { item: ChatItem; onClose: () => void }) {
  const { id, memberCount, myRole } = item.channel;
  const { users, busy, refused, reload, more } = useMembers(id);
  const mayAdd = myRole === MemberRole.ADMIN || myRole === MemberRole.OWNER;
  return (
    <Dialog title={memberWords(memberCount)} onClose={onClose}>
      {mayAdd && <AddMembers id={id} onAdded={reload} />}
      {mayAdd && <InviteLinks id={id} />}
      <ul className="people-list members">
        {users.map((user) => (
          <Member key={user.id} user={user} item={item} onChanged={reload} />
        ))}
      </ul>
      {more !== undefined && (
        <button type="button" className="quiet more" disabled={busy} onClick={more}>
          {words().common.more}
        </button>
      )}
      <RefusalLine refused={refused} />
    </Dialog>
  );
}

function InviteLinks({ id }: { id: number }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button type="button" className="quiet" onClick={() => setOpen(true)}>
        {words().chats.inviteLinks}
      </button>
      {open && <InvitesDialog id={id} onClose={() => setOpen(false)} />}
    </>
  );
}

function AddMembers({ id, onAdded }: { id: number; onAdded: () => void }) {
  const { membership } = useWorkspace();
  const [picked, setPicked] = useState<readonly Picked[]>([]);
  const [failed, setFailed] = useState<readonly string[]>([]);
  const { busy, refused, run } = useAction(async () => {
    const refusals = await membership.add(
      id,
      picked.map((one) => one.id),
    );
    setFailed(
      refusals.map(
        ({ userId, refusal }) => `${userId}: ${sentence(refusal === undefined ? '' : refusalWords(refusal))}`,
      ),
    );
    setPicked([]);
    onAdded();
  });
  return (
    <>
      <PeoplePicker label={words().chats.addPeople} picked={picked} onPick={setPicked} />
      {picked.length > 0 && (
        <button type="button" className="primary add" disabled={busy} onClick={run}>
          {words().chats.add}
        </button>
      )}
      <p className="refusal" role="alert">
        {refused === undefined ? failed.join(' ') : sentence(refused.words)}
      </p>
    </>
  );
}

function Member({ user, item, onChanged }: { user: User; item: ChatItem; onChanged: () => void }) {
  const { membership, chats, session } = useWorkspace();
  const { online } = useWatched(chats);
  const { id, myRole } = item.channel;
  const { busy, refused, run } = useAction(async (act: () => Promise<void>) => {
    await act();
    onChanged();
  });
  const [isAsked, setIsAsked] = useState(false);
  const isMe = user.id === session.userId;
  const say = words().chats;
  const role = roles[user.memberRole];
  const isOwner = user.memberRole === MemberRole.OWNER;
  const mayRemove = !isMe && !isOwner && (myRole === MemberRole.OWNER || myRole === MemberRole.ADMIN);
  const isAdmin = user.memberRole === MemberRole.ADMIN;
  return (
    <li>
      <span className="avatar-place" data-online={online.has(user.id) || isMe}>
        <Avatar id={user.id} name={user.name || user.id} />
      </span>
      <span className="person">
        <PersonName id={user.id} name={user.name || user.id} />
        <span className="hint">
          {isMe ? words().common.you : user.id}
          {role !== undefined && ` · ${say[role]}`}
        </span>
        {refused !== undefined && (
          <span className="refusal" role="alert">
            {sentence(refused.words)}
          </span>
        )}
      </span>
      {myRole === MemberRole.OWNER && !isOwner && (
        <button
          type="button"
          className="quiet"
          disabled={busy}
          onClick={() => run(() => membership.setRole(id, user.id, isAdmin ? 'member' : 'admin'))}
        >
          {isAdmin ? say.removeAdmin : say.makeAdmin}
        </button>
      )}
      {mayRemove && (
        <button
          type="button"
          className={isAsked ? 'danger' : 'quiet'}
          disabled={busy}
          onClick={() => (isAsked ? run(() => membership.remove(id, user.id)) : setIsAsked(true))}
        >
          {say.remove}
          {isAsked && '?'}
        </button>
      )}
    </li>
  );
}
