import { MemberRole } from '@parley/client';
import { useState } from 'react';
import { memberWords } from '../state/chat-words.js';
import type { ChatItem } from '../state/chats.js';
import { refusalWords } from '../state/refusal-words.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { InvitesDialog } from './invites-dialog.js';
import { MemberList } from './member-list.js';
import { PeoplePicker, type Picked } from './people-picker.js';
import { sentence, useAction } from './use-action.js';
import { useMembers } from './use-members.js';
import { useWorkspace } from './workspace-context.js';

/** The members of a chat with their roles. Admins add and remove members; the owner gives roles. */
export function MembersDialog({ item, onClose }: { item: ChatItem; onClose: () => void }) {
  const { id, memberCount, myRole } = item.channel;
  const members = useMembers(id);
  const mayAdd = myRole === MemberRole.ADMIN || myRole === MemberRole.OWNER;
  return (
    <Dialog title={memberWords(memberCount)} onClose={onClose}>
      {mayAdd && <AddMembers id={id} onAdded={members.reload} />}
      {mayAdd && <InviteLinks id={id} />}
      <MemberList members={members} item={item} />
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
