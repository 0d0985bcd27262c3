//! The two drafts of `wasi:keyvalue/store` that runtimes have. They differ in the
//! type of a cursor, and here no list is ever long enough to need one.

use wasmtime::Result;
use wasmtime::component::Resource;

use super::{BUCKET, Bucket, BucketView, Fault, check_key};
use crate::sandbox::bindings::wasi;
use crate::sandbox::failpoint::step;

macro_rules! implement {
    ($draft:ident, $cursor:ty) => {
        impl wasi::$draft::store::Host for BucketView<'_> {
            async fn open(&mut self, identifier: String) -> Result<Resource<Bucket>, Fault> {
                if identifier != BUCKET {
                    return Err(Fault::NoSuchStore);
                }
                let bucket = step("open", BUCKET, self.opener.open()).await?;
                Ok(self.table.push(bucket)?)
            }

            fn convert_error(&mut self, fault: Fault) -> Result<wasi::$draft::store::Error> {
                use wasi::$draft::store::Error;

                match fault {
                    Fault::NoSuchStore => Ok(Error::NoSuchStore),
                    Fault::AccessDenied => Ok(Error::AccessDenied),
                    Fault::Store(error) => Ok(Error::Other(self.opener.tell(error))),
                    Fault::Trap(error) => Err(error),
                }
            }
        }

        impl wasi::$draft::store::HostBucket for BucketView<'_> {
            async fn get(
                &mut self,
                bucket: Resource<Bucket>,
                key: String,
            ) -> Result<Option<Vec<u8>>, Fault> {
                check_key(&key)?;
                let bucket = self.table.get_mut(&bucket)?;
                Ok(step("get", &key, self.opener.get(bucket, &key)).await?)
            }

            async fn set(
                &mut self,
                bucket: Resource<Bucket>,
                key: String,
                value: Vec<u8>,
            ) -> Result<(), Fault> {
                check_key(&key)?;
                let bucket = self.table.get_mut(&bucket)?;
                let written = self.opener.put(bucket, &key, Some(&value));
                Ok(step("set", &key, written).await?)
            }

            async fn delete(&mut self, bucket: Resource<Bucket>, key: String) -> Result<(), Fault> {
                check_key(&key)?;
                let bucket = self.table.get_mut(&bucket)?;
                Ok(step("delete", &key, self.opener.put(bucket, &key, None)).await?)
            }

            async fn exists(&mut self, _: Resource<Bucket>, key: String) -> Result<bool, Fault> {
                check_key(&key)?;
                Ok(self.opener.exists(&key).await?)
            }

            async fn list_keys(
                &mut self,
                _: Resource<Bucket>,
                _cursor: Option<$cursor>,
            ) -> Result<wasi::$draft::store::KeyResponse, Fault> {
                let keys = self.opener.keys().await?;
                Ok(wasi::$draft::store::KeyResponse { keys, cursor: None })
            }

            async fn drop(&mut self, bucket: Resource<Bucket>) -> Result<()> {
                self.table.delete(bucket)?;
                Ok(())
            }
        }
    };
}

implement!(keyvalue0_2_0_draft, u64);
implement!(keyvalue0_2_0_draft2, String);
