import { useState } from 'react';
import { givenName } from '../state/names.js';
import type { Occupants } from '../state/occupants.js';
import { words } from '../words/words.js';
import { Avatar } from './avatar.js';
import { Dialog } from './dialog.js';
import { Icon } from './icon.js';
import { PersonName } from './person-name.js';

interface PeopleProps {
  readonly inside: Occupants;
  readonly me: string;
  /** Maximum number of users inside; 0 if unknown. */
  readonly most: number;
}

/** The number of users in the room. A click lists them. */
export function PeopleList({ inside, me, most }: PeopleProps) {
  const [open, setOpen] = useState(false);
  const { ids, count, names } = inside;
  return (
    <>
      <button type="button" className="people" onClick={() => setOpen(true)}>
        <span className="faces">
          {ids.slice(0, 4).map((id) => (
            <Avatar key={id} id={id} name={givenName(names, id)} small />
          ))}
        </span>
        <Icon name="people" size={18} />
        <span>
          {count}
          {most > 0 && words().rooms.of(most)}
          <span className="unseen">{words().rooms.insideButton}</span>
        </span>
      </button>
      {open && (
        <Dialog title={words().rooms.inside} onClose={() => setOpen(false)}>
          <ul className="people-list">
            {ids.map((id) => (
              <li key={id}>
                <Avatar id={id} name={givenName(names, id)} />
                <PersonName id={id} name={givenName(names, id)} />
                <span className="hint">{id === me ? words().common.you : id}</span>
              </li>
            ))}
          </ul>
          {count > ids.length && <p className="hint">{words().common.others(count - ids.length)}</p>}
        </Dialog>
      )}
    </>
  );
}
