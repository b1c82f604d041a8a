/** Why a guest is gone. */
export class EngineStop extends Error {}
