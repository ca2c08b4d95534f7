import { words } from '../words/words.js';

/** Notice that the room does not exist or that this user cannot see it. */
export function NoSuchRoom() {
  return (
    <section className="no-room">
      <h2>{words().rooms.notFound}</h2>
      <p>{words().rooms.notFoundHint}</p>
      <a className="primary" href="#rooms">
        {words().common.allRooms}
      </a>
    </section>
  );
}
