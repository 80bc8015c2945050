/** Returns the message of an error. That of an AggregateError may be empty: then those of its errors. */
export function messageOf(error: Error): string {
  // Node throws one without a message if a name has several addresses and none answers.
  if (error instanceof AggregateError && error.message === '') return error.errors.map(String).join('; ');
  return error.message;
}
