/** Notice that the room does not exist or that this user cannot see it. */
export function NoSuchRoom() {
  return (
    <section className="no-room">
      <h2>Room not found</h2>
      <p>It may have been deleted, or the link may be incomplete.</p>
      <a className="primary" href="#rooms">
        All rooms
      </a>
    </section>
  );
}
