/** A state as a word with a colour. */
export function StateBadge({ tone, children }: { tone: 'good' | 'warn' | 'bad' | 'plain'; children: string }) {
  return (
    <span className="badge" data-tone={tone}>
      {children}
    </span>
  );
}
