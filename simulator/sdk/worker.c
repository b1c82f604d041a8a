// A guest of the simulator on the Moddable SDK's own engine: the firmware as the SDK's linker preloaded it, and a door to the host.
//
// Rule: the host speaks in netstrings on file descriptor 3 and is answered on 4, as engine/xs-engine.ts has it: "?" is a turn, "m" asks what is
// alive. Slots and chunks are told as XS itself holds them; what they take on a chip is for the host to say (engine/linked-engine.ts).

#include "xsAll.h"

/** An exit status that engine/xs-engine.ts has no words for: the host went away, or talks nonsense. */
#define NO_HOST 2

extern void* xsPreparationAndCreation(void** creation);
/** The linker wants it by this name. */
void xs_hostCall(txMachine* the);

static FILE* fromHost;
static FILE* toHost;

/** A netstring's text, ended by a zero, for free(). The program ends with the host. */
static char* hear(void)
{
	size_t length;
	if (fscanf(fromHost, "%zu:", &length) != 1) exit(0);
	char* text = malloc(length + 1);
	if (!text || fread(text, 1, length, fromHost) != length || fgetc(fromHost) != ',') exit(NO_HOST);
	text[length] = 0;
	return text;
}

static void tell(char kind, const char* text)
{
	fprintf(toHost, "%zu:%c%s,", strlen(text) + 1, kind, text);
	fflush(toHost);
}

/** hostCall(request): asks the host and waits for its answer. */
void xs_hostCall(txMachine* the)
{
	tell('?', fxToString(the, mxArgv(0)));
	char* answer = hear();
	fxString(the, mxResult, answer + 1);
	free(answer);
}

/** A native of the firmware's own: modules/host.ts does what it does, as in the simulator's other engines. */
static void standIn(txMachine* the, txString name)
{
	txInteger count = mxArgc;
	mxPushUndefined();
	mxPush(mxGlobal);
	mxDub();
	mxGetID(fxID(the, "native"));
	mxCall();
	mxPushStringC(name);
	mxRunCount(1);
	mxCall();
	for (txInteger i = 0; i < count; i++) mxPushSlot(mxArgv(i));
	mxRunCount(count);
	mxPullSlot(mxResult);
}

/** One for each that the linked firmware names: the Makefile reads them from what xsl wrote. */
#define NATIVE(name) void name(txMachine* the); void name(txMachine* the) { standIn(the, #name); }
#include "natives.h"
#undef NATIVE

/** handleCommand(event): tells what it returned or threw. */
static void turn(txMachine* the, txString event)
{
	fxBeginHost(the);
	mxTry(the) {
		mxPush(mxGlobal);
		mxDub();
		mxGetID(fxID(the, "handleCommand"));
		mxCall();
		mxPushStringC(event);
		mxRunCount(1);
		tell('.', fxToString(the, the->stack));
		mxPop();
	}
	mxCatch(the) {
		tell('!', fxToString(the, &mxException));
		mxException = mxUndefined;
	}
	fxEndHost(the);
}

/** Whether such a slot's chunk is made of slots or of pointers, which are half as large on a chip as with words of 64 bits. */
static txBoolean isOfWords(txKind kind)
{
	switch (kind) {
	case XS_ARRAY_KIND: case XS_ARGUMENTS_SLOPPY_KIND: case XS_ARGUMENTS_STRICT_KIND: case XS_STACK_KIND:
	case XS_MAP_KIND: case XS_SET_KIND: case XS_GLOBAL_KIND:
		return 1;
	default:
		return 0;
	}
}

static txBoolean isChunkOfWords(txMachine* the, txByte* data)
{
	for (txSlot* heap = the->firstHeap; heap; heap = heap->next)
		for (txSlot* slot = heap + 1; slot < heap->value.reference; slot++)
			if ((txByte*)slot->value.array.address == data && isOfWords(slot->kind)) return 1;
	return 0;
}

/** Slots of linked objects that are not frozen and were changed: XS keeps a copy of each. The firmware's own are frozen. */
static long copiedSlots(txMachine* the)
{
	long slots = 0;
	for (txSize i = 0; i < the->aliasCount; i++)
		for (txSlot* slot = the->aliasArray[i]; slot; slot = slot->next) slots++;
	return slots;
}

/** What is alive, in this engine's own measure; the size of a chunk of words is told as less than zero. */
static void weigh(txMachine* the)
{
	char* text;
	size_t length;
	fxCollectGarbage(the);
	FILE* out = open_memstream(&text, &length);
	fprintf(out, "{\"version\":\"%d.%d.%d\",\"slotBytes\":%d,", XS_MAJOR_VERSION, XS_MINOR_VERSION, XS_PATCH_VERSION, (int)sizeof(txSlot));
	fprintf(out, "\"slots\":%ld,\"copied\":%ld,\"chunkBytes\":%ld,\"chunks\":[", (long)the->currentHeapCount, copiedSlots(the), (long)the->currentChunksSize);
	const char* separator = "";
	for (txBlock* block = the->firstBlock; block; block = block->nextBlock) {
		for (txByte* at = (txByte*)(block + 1); at < block->current; at += ((txChunk*)at)->size) {
			long size = ((txChunk*)at)->size;
			fprintf(out, "%s%ld", separator, isChunkOfWords(the, at + sizeof(txChunk)) ? -size : size);
			separator = ",";
		}
	}
	fprintf(out, "]}");
	fclose(out);
	tell('.', text);
	free(text);
}

int main(void)
{
	fromHost = fdopen(3, "rb");
	toHost = fdopen(4, "wb");
	if (!fromHost || !toHost) return NO_HOST;
	txMachine* the = fxPrepareMachine(NULL, xsPreparationAndCreation(NULL), "telltale", NULL, NULL);
	if (!the) return NO_HOST;
	for (;;) {
		char* command = hear();
		if (*command == 'm') weigh(the);
		else turn(the, command + 1);
		free(command);
	}
}
