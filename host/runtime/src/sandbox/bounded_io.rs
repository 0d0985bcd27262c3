//! `wasi:io` with a deadline: wasmtime's implementation, in which every wait ends at the
//! deadline of the call.
//!
//! Otherwise a guest could wait forever, for a timer of a thousand years or for room in
//! the body of a request that it never sends. The [ticker](super::ticker) does not stop
//! a guest that waits.

use wasmtime::Result;
use wasmtime::component::{HasData, Resource, ResourceTable};
use wasmtime_wasi::p2::bindings::io::{error, poll, streams};
use wasmtime_wasi::p2::{
    DynInputStream, DynOutputStream, DynPollable, IoError, StreamError, StreamResult,
};

use super::limits::Deadline;

/// The resources of a call, and the deadline for waiting.
pub(crate) struct BoundedIo<'a> {
    pub(crate) table: &'a mut ResourceTable,
    pub(crate) deadline: Deadline,
}

impl HasData for BoundedIo<'static> {
    type Data<'a> = BoundedIo<'a>;
}

impl poll::Host for BoundedIo<'_> {
    async fn poll(&mut self, pollables: Vec<Resource<DynPollable>>) -> Result<Vec<u32>> {
        self.deadline.wait(self.table.poll(pollables)).await?
    }
}

impl poll::HostPollable for BoundedIo<'_> {
    async fn block(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        self.deadline.wait(self.table.block(pollable)).await?
    }

    async fn ready(&mut self, pollable: Resource<DynPollable>) -> Result<bool> {
        self.table.ready(pollable).await
    }

    fn drop(&mut self, pollable: Resource<DynPollable>) -> Result<()> {
        poll::HostPollable::drop(self.table, pollable)
    }
}

impl error::Host for BoundedIo<'_> {}

impl error::HostError for BoundedIo<'_> {
    fn to_debug_string(&mut self, error: Resource<IoError>) -> Result<String> {
        self.table.to_debug_string(error)
    }

    fn drop(&mut self, error: Resource<IoError>) -> Result<()> {
        error::HostError::drop(self.table, error)
    }
}

impl streams::Host for BoundedIo<'_> {
    fn convert_stream_error(&mut self, error: StreamError) -> Result<streams::StreamError> {
        self.table.convert_stream_error(error)
    }
}

type Input = Resource<DynInputStream>;
type Output = Resource<DynOutputStream>;

impl streams::HostInputStream for BoundedIo<'_> {
    fn read(&mut self, stream: Input, len: u64) -> StreamResult<Vec<u8>> {
        self.table.read(stream, len)
    }

    async fn blocking_read(&mut self, stream: Input, len: u64) -> StreamResult<Vec<u8>> {
        let read = self.table.blocking_read(stream, len);
        self.deadline.wait(read).await.map_err(StreamError::Trap)?
    }

    fn skip(&mut self, stream: Input, len: u64) -> StreamResult<u64> {
        self.table.skip(stream, len)
    }

    async fn blocking_skip(&mut self, stream: Input, len: u64) -> StreamResult<u64> {
        let skip = self.table.blocking_skip(stream, len);
        self.deadline.wait(skip).await.map_err(StreamError::Trap)?
    }

    fn subscribe(&mut self, stream: Input) -> Result<Resource<DynPollable>> {
        streams::HostInputStream::subscribe(self.table, stream)
    }

    async fn drop(&mut self, stream: Input) -> Result<()> {
        let drop = streams::HostInputStream::drop(self.table, stream);
        self.deadline.wait(drop).await?
    }
}

impl streams::HostOutputStream for BoundedIo<'_> {
    fn check_write(&mut self, stream: Output) -> StreamResult<u64> {
        self.table.check_write(stream)
    }

    fn write(&mut self, stream: Output, bytes: Vec<u8>) -> StreamResult<()> {
        self.table.write(stream, bytes)
    }

    async fn blocking_write_and_flush(
        &mut self,
        stream: Output,
        bytes: Vec<u8>,
    ) -> StreamResult<()> {
        let write = self.table.blocking_write_and_flush(stream, bytes);
        self.deadline.wait(write).await.map_err(StreamError::Trap)?
    }

    fn flush(&mut self, stream: Output) -> StreamResult<()> {
        self.table.flush(stream)
    }

    async fn blocking_flush(&mut self, stream: Output) -> StreamResult<()> {
        let flush = self.table.blocking_flush(stream);
        self.deadline.wait(flush).await.map_err(StreamError::Trap)?
    }

    fn subscribe(&mut self, stream: Output) -> Result<Resource<DynPollable>> {
        streams::HostOutputStream::subscribe(self.table, stream)
    }

    fn write_zeroes(&mut self, stream: Output, len: u64) -> StreamResult<()> {
        self.table.write_zeroes(stream, len)
    }

    async fn blocking_write_zeroes_and_flush(
        &mut self,
        stream: Output,
        len: u64,
    ) -> StreamResult<()> {
        let write = self.table.blocking_write_zeroes_and_flush(stream, len);
        self.deadline.wait(write).await.map_err(StreamError::Trap)?
    }

    fn splice(&mut self, output: Output, input: Input, len: u64) -> StreamResult<u64> {
        self.table.splice(output, input, len)
    }

    async fn blocking_splice(
        &mut self,
        output: Output,
        input: Input,
        len: u64,
    ) -> StreamResult<u64> {
        let splice = self.table.blocking_splice(output, input, len);
        self.deadline
            .wait(splice)
            .await
            .map_err(StreamError::Trap)?
    }

    async fn drop(&mut self, stream: Output) -> Result<()> {
        let drop = streams::HostOutputStream::drop(self.table, stream);
        self.deadline.wait(drop).await?
    }
}
