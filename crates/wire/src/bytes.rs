//! Byte strings: base64url without padding in JSON, bytes in CBOR.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Bytes of any length.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Bytes(pub Vec<u8>);

/// Exactly `N` bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Octets<const N: usize>(pub [u8; N]);

/// A SHA-256 hash, or another value of 32 bytes.
pub type Hash = Octets<32>;

impl fmt::Debug for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Bytes({})", self.0.len())
    }
}

impl<const N: usize> fmt::Debug for Octets<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl<const N: usize> fmt::Display for Octets<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// As it stands in addresses: base64url, unpadded.
impl<const N: usize> std::str::FromStr for Octets<N> {
    type Err = base64::DecodeSliceError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; N];
        match URL_SAFE_NO_PAD.decode_slice(text, &mut bytes)? {
            length if length == N => Ok(Self(bytes)),
            length => Err(base64::DecodeError::InvalidLength(length).into()),
        }
    }
}

impl From<Vec<u8>> for Bytes {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }
}

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl<const N: usize> From<[u8; N]> for Octets<N> {
    fn from(bytes: [u8; N]) -> Self {
        Self(bytes)
    }
}

impl<const N: usize> TryFrom<&[u8]> for Octets<N> {
    type Error = std::array::TryFromSliceError;
    fn try_from(bytes: &[u8]) -> Result<Self, Self::Error> {
        bytes.try_into().map(Self)
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

impl<const N: usize> Serialize for Octets<N> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serialize(&self.0, serializer)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserialize(deserializer).map(Self)
    }
}

impl<'de, const N: usize> Deserialize<'de> for Octets<N> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let bytes = deserialize(deserializer)?;
        let length = bytes.len();
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| de::Error::invalid_length(length, &format!("{N} bytes").as_str()))
    }
}

fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    if serializer.is_human_readable() {
        serializer.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
    } else {
        serializer.serialize_bytes(bytes)
    }
}

fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    struct Visitor;
    impl de::Visitor<'_> for Visitor {
        type Value = Vec<u8>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("bytes, or their base64url text")
        }
        fn visit_str<E: de::Error>(self, text: &str) -> Result<Vec<u8>, E> {
            URL_SAFE_NO_PAD
                .decode(text)
                .map_err(|_| E::custom("not base64url without padding"))
        }
        fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
            Ok(bytes.to_vec())
        }
        fn visit_byte_buf<E: de::Error>(self, bytes: Vec<u8>) -> Result<Vec<u8>, E> {
            Ok(bytes)
        }
    }
    if deserializer.is_human_readable() {
        deserializer.deserialize_str(Visitor)
    } else {
        deserializer.deserialize_byte_buf(Visitor)
    }
}

#[cfg(feature = "signed")]
mod signed {
    use minicbor::{Decode, Decoder, Encode, Encoder, decode, encode};

    impl<C> Encode<C> for super::Bytes {
        fn encode<W: encode::Write>(
            &self,
            encoder: &mut Encoder<W>,
            _: &mut C,
        ) -> Result<(), encode::Error<W::Error>> {
            encoder.bytes(&self.0)?.ok()
        }
    }

    impl<'b, C> Decode<'b, C> for super::Bytes {
        fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
            decoder.bytes().map(|bytes| Self(bytes.to_vec()))
        }
    }

    impl<C, const N: usize> Encode<C> for super::Octets<N> {
        fn encode<W: encode::Write>(
            &self,
            encoder: &mut Encoder<W>,
            _: &mut C,
        ) -> Result<(), encode::Error<W::Error>> {
            encoder.bytes(&self.0)?.ok()
        }
    }

    impl<'b, C, const N: usize> Decode<'b, C> for super::Octets<N> {
        fn decode(decoder: &mut Decoder<'b>, _: &mut C) -> Result<Self, decode::Error> {
            let bytes = decoder.bytes()?;
            bytes
                .try_into()
                .map(Self)
                .map_err(|_| decode::Error::message("wrong number of bytes"))
        }
    }
}

#[cfg(feature = "openapi")]
mod openapi {
    use utoipa::{
        PartialSchema, ToSchema,
        openapi::{RefOr, schema::Schema},
    };

    impl PartialSchema for super::Bytes {
        fn schema() -> RefOr<Schema> {
            String::schema()
        }
    }
    impl ToSchema for super::Bytes {}

    impl<const N: usize> PartialSchema for super::Octets<N> {
        fn schema() -> RefOr<Schema> {
            String::schema()
        }
    }
    impl<const N: usize> ToSchema for super::Octets<N> {
        fn name() -> std::borrow::Cow<'static, str> {
            format!("Octets{N}").into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_base64url_text_in_json() {
        let text = serde_json::to_string(&Bytes(vec![0xfb, 0xff])).unwrap();
        assert_eq!(text, "\"-_8\"");
        assert_eq!(
            serde_json::from_str::<Bytes>(&text).unwrap(),
            Bytes(vec![0xfb, 0xff])
        );
    }

    #[test]
    fn octets_of_another_length_are_refused() {
        assert!(serde_json::from_str::<Octets<3>>("\"-_8\"").is_err());
        assert!(serde_json::from_str::<Octets<2>>("\"-_8\"").is_ok());
        assert_eq!("-_8".parse(), Ok(Octets([0xfb, 0xff])));
        assert!("-_8".parse::<Octets<3>>().is_err());
        assert!("-_8A".parse::<Octets<2>>().is_err());
        assert!("".parse::<Octets<2>>().is_err());
    }

    #[test]
    fn padding_and_the_other_alphabet_are_refused() {
        assert!(serde_json::from_str::<Bytes>("\"-_8=\"").is_err());
        assert!(serde_json::from_str::<Bytes>("\"+/8\"").is_err());
    }
}
