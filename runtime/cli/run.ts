export async function run(..._args: unknown[]): Promise<void> {}
