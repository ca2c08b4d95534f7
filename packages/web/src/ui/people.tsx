import { useState } from 'react';
import type { ConversationState } from '../state/conversation.js';
import { nameOf } from '../state/names.js';
import { Avatar } from './avatar.js';
import { Dialog } from './dialog.js';
import { Icon } from './icon.js';
import { Name } from './text.js';

interface PeopleProps {
  readonly state: ConversationState;
  readonly limit: number;
  /** How many the list of rooms knows of: while this page is not inside, it knows better. */
  readonly listed: number;
}

/** How many are here; a press says who. */
export function People({ state, limit, listed }: PeopleProps) {
  const [open, setOpen] = useState(false);
  const { here, names, me, link } = state;
  const count = link.state === 'live' || link.state === 'catching-up' ? state.hereCount : listed;
  return (
    <>
      <button type="button" className="people" onClick={() => setOpen(true)}>
        <span className="faces">
          {here.slice(0, 4).map((id) => (
            <Avatar key={id} id={id} name={nameOf(names, id)} small />
          ))}
        </span>
        <Icon name="people" size={18} />
        <span>
          {count}
          {limit > 0 && ` of ${limit}`}
          <span className="unseen"> inside: who?</span>
        </span>
      </button>
      {open && (
        <Dialog title="Inside now" onClose={() => setOpen(false)}>
          <ul className="people-list">
            {here.map((id) => (
              <li key={id}>
                <Avatar id={id} name={nameOf(names, id)} />
                <Name of={nameOf(names, id)} />
                <span className="hint">{id === me ? 'you' : id}</span>
              </li>
            ))}
          </ul>
        </Dialog>
      )}
    </>
  );
}
