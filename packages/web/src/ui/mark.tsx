/** The logo of Parley. */
export function Mark({ size }: { size: number }) {
  return (
    <svg className="mark" width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect width="32" height="32" rx="8" />
      <path d="M9 24V10.5A2.5 2.5 0 0 1 11.5 8h6a5.5 5.5 0 0 1 0 11H14" />
    </svg>
  );
}
