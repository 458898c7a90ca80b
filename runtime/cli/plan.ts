export async function plan(..._args: unknown[]): Promise<void> {}
