import { useState } from 'react';
import type { ConversationState } from '../state/conversation.js';
import { Avatar } from './avatar.js';
import { Dialog } from './dialog.js';
import { Icon } from './icon.js';
import { Name } from './text.js';

/** How many are here; a press says who. */
export function People({ state, limit }: { state: ConversationState; limit: number }) {
  const [open, setOpen] = useState(false);
  const { here, hereCount, names, me } = state;
  return (
    <>
      <button type="button" className="people" onClick={() => setOpen(true)}>
        <span className="faces">
          {here.slice(0, 4).map((id) => (
            <Avatar key={id} id={id} name={names[id] ?? id} small />
          ))}
        </span>
        <Icon name="people" size={18} />
        <span>
          {hereCount}
          {limit > 0 && ` of ${limit}`}
          <span className="unseen"> inside: who?</span>
        </span>
      </button>
      {open && (
        <Dialog title="Inside now" onClose={() => setOpen(false)}>
          <ul className="people-list">
            {here.map((id) => (
              <li key={id}>
                <Avatar id={id} name={names[id] ?? id} />
                <Name of={names[id] ?? id} />
                <span className="hint">{id === me ? 'you' : id}</span>
              </li>
            ))}
          </ul>
        </Dialog>
      )}
    </>
  );
}
